import test from 'ava';
import fc from 'fast-check';
import { EventBodies } from '../../../src/actors/live/event-bodies.ts';
import { mediaReady, postNew, postUpdated } from '../../../src/actors/posts/post-events.ts';
import type { PhotoView, PostView } from '../../../src/actors/views.ts';
import type { MediaId, PostId, UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const SOURCES = [1080, 640, 320, 150].flatMap((width) =>
  (['webp', 'jpeg'] as const).map((format) => ({
    url: `https://photos.example.org/media/0hp1x4qv2c000/7k3q0123456789abcdefghjkmn/${width}.${format}`,
    format,
    width,
    height: width,
  })),
);

function photo(altText: string): PhotoView {
  return {
    mediaId: '0hp1x4qv2c000' as MediaId,
    status: 'complete',
    failureReason: null,
    width: 4000,
    height: 3000,
    thumbHash: 'a'.repeat(32),
    dominantColor: '#123456',
    altText,
    sources: SOURCES,
  };
}

function view(caption: string, altTexts: readonly string[]): PostView {
  return {
    id: '0hp1x4qv2c001' as PostId,
    userId: '0hp1x4qv2c002' as UserId,
    author: {
      id: '0hp1x4qv2c002' as UserId,
      username: 'ada',
      displayName: '名'.repeat(60),
      avatarUrl: SOURCES[0]?.url ?? null,
    },
    caption,
    mediaUrl: SOURCES[1]?.url ?? null,
    photos: altTexts.map(photo),
    uploadStatus: 'complete',
    createdAt: '2026-01-01T00:00:00.000Z',
    publishedAt: '2026-01-01T00:00:00.000Z',
    editedAt: null,
    version: Number.MAX_SAFE_INTEGER,
  };
}

const texts = (max: number) =>
  fc
    .tuple(fc.constantFrom('a', '"', '\n', 'é', '名', '🌊'), fc.integer({ min: 0, max }))
    .map(([character, count]) => character.repeat(count));

test('whatever its texts, a post makes events that fit: only the last photos may lack addresses and text', (t) => {
  const bodies = new EventBodies(new ManualClock(), limits);
  const posts = fc.tuple(
    texts(limits.captionCharactersMax),
    fc.array(texts(limits.altTextCharactersMax), { minLength: 1, maxLength: limits.photosPerPostMax }),
  );
  fc.assert(
    fc.property(posts, ([caption, altTexts]) => {
      const post = view(caption, altTexts);
      for (const event of [postNew(post, 0), mediaReady(post, 0), postUpdated(post, post.version, 0)]) {
        bodies.release(bodies.acquire(event));
        const told = JSON.parse(event.dataJson) as PostView;
        const kept = told.photos.findIndex((each) => each.sources.length === 0);
        const whole = kept === -1 ? told.photos.length : kept;
        t.deepEqual(told.photos.slice(0, whole), post.photos.slice(0, whole));
        t.deepEqual(
          told.photos.slice(whole),
          post.photos.slice(whole).map((each) => ({ ...each, altText: '', sources: [] })),
        );
        t.deepEqual({ ...told, photos: [] }, { ...post, photos: [] });
      }
    }),
    { numRuns: 300 },
  );
});

test('a post of any size up to the bound fits together with what surrounds it', (t) => {
  const bodies = new EventBodies(new ManualClock(), limits);
  let trimmed = 0;
  for (let length = 0; length <= limits.altTextCharactersMax; length++) {
    const altTexts = Array.from({ length: limits.photosPerPostMax }, () => 'a'.repeat(length));
    const event = postUpdated(view('a'.repeat(length), altTexts), Number.MAX_SAFE_INTEGER, 0);
    t.notThrows(() => bodies.release(bodies.acquire(event)), String(length));
    if (event.dataJson.includes('"sources":[]')) trimmed++;
  }
  t.true(trimmed > 0 && trimmed < limits.altTextCharactersMax);
});
