/**
 * Pages of posts as bytes. What is the same for every viewer is checked and encoded once for each view of a post, as long as
 * that view is in use; a page is those bytes with what is the viewer's own in between. Twenty posts are 26 KB of JSON that
 * would otherwise be made, checked and hashed anew for everyone who scrolls.
 *
 *   {"posts":[ <post…> ,"likeCount":…,"commentCount":…,"likedByMe":… }, … ],"nextCursor":…,"position":…}
 *              └ shared └ the viewer's
 */
import { invariant } from '../errors.ts';
import type { PhotoView, Position, PostPageItem, UserSummary } from '../actors/views.ts';
import { weakTag } from './http/conditional.ts';
import { postView } from './operations/view-schemas.ts';

export interface PostPage {
  readonly posts: readonly PostPageItem[];
  readonly nextCursor: string | null;
  readonly position?: Position;
}

export class EncodedPage {
  readonly bytes: Uint8Array;
  readonly nextCursor: string | null;
  /** Changes with anything that the page shows. */
  readonly etag: string;

  constructor(bytes: Uint8Array, nextCursor: string | null, etag: string) {
    this.bytes = bytes;
    this.nextCursor = nextCursor;
    this.etag = etag;
  }
}

interface SharedPart {
  readonly author: UserSummary;
  readonly version: number;
  /** Without the closing brace. */
  readonly json: Buffer;
  readonly etag: string;
}

const OPENING = '{"posts":[';

export class PostPages {
  /** By the list of photos: each view has one of its own, which its items share. */
  private readonly shared = new WeakMap<readonly PhotoView[], SharedPart>();

  encode({ posts, nextCursor, position }: PostPage): EncodedPage {
    const rest = position === undefined ? { nextCursor } : { nextCursor, position };
    const closing = `],${JSON.stringify(rest).slice(1)}`;
    const shared = posts.map((post) => this.sharedPart(post));
    const personal = posts.map((post, index) => personalPart(post, index === posts.length - 1));
    const texts = personal.reduce((bytes, text) => bytes + text.length, OPENING.length) + Buffer.byteLength(closing);
    const bytes = Buffer.allocUnsafe(shared.reduce((sum, { json }) => sum + json.length, texts));
    let at = bytes.write(OPENING, 'latin1');
    for (const [index, { json }] of shared.entries()) {
      at += json.copy(bytes, at);
      at += bytes.write(personal[index] ?? '', at, 'latin1');
    }
    at += bytes.write(closing, at);
    invariant(at === bytes.length, 'a page is as long as its parts');
    const etag = weakTag(shared.map((part, index) => part.etag + (personal[index] ?? '')).join('') + closing);
    return new EncodedPage(bytes, nextCursor, etag);
  }

  private sharedPart(item: PostPageItem): SharedPart {
    const known = this.shared.get(item.photos);
    if (known !== undefined && known.author === item.author && known.version === item.version) return known;
    const text = JSON.stringify(postView.parse(item)).slice(0, -1);
    const part = { author: item.author, version: item.version, json: Buffer.from(text), etag: weakTag(text) };
    this.shared.set(item.photos, part);
    return part;
  }
}

/** ASCII only. */
function personalPart({ likeCount, commentCount, likedByMe }: PostPageItem, isLast: boolean): string {
  invariant(isCount(likeCount) && isCount(commentCount), 'a count is a whole number');
  return `,"likeCount":${likeCount},"commentCount":${commentCount},"likedByMe":${likedByMe === true}}${isLast ? '' : ','}`;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
