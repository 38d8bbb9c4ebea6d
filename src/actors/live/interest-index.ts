/**
 * Who on this node must hear of an author: author → resident actors, and back, as lists of 32-bit words (8 bytes an edge).
 *
 * Must hold: the two directions agree, and an actor stands at most once with an author. Actors are taken out in batches,
 * each author's list being gone through once a batch, since a passivation of thousands shares most of its authors.
 */
import type { UserId } from '../../ids.ts';
import type { Slab } from './slab.ts';
import { WordLists } from './word-lists.ts';

export class InterestIndex {
  private readonly numbers = new Map<UserId, number>();
  private readonly authors: (UserId | undefined)[] = [];
  private readonly freeNumbers: number[] = [];
  private readonly actorsOf: WordLists;
  private readonly authorsOf: WordLists;

  constructor(slab: Slab) {
    this.actorsOf = new WordLists(slab);
    this.authorsOf = new WordLists(slab);
  }

  /** Authors with at least one interested actor. */
  get authorCount(): number {
    return this.numbers.size;
  }

  open(actor: number): void {
    this.authorsOf.open(actor);
  }

  /** Many at once, in one block. */
  register(actor: number, authorIds: ReadonlySet<UserId>): void {
    const before = this.authorsOf.length(actor);
    if (authorIds.size > 0) this.authorsOf.reserve(actor, before + authorIds.size);
    for (const authorId of authorIds) {
      // Distinct among themselves: only what was added one by one before can be there already.
      if (before === 0) this.link(actor, this.numberOf(authorId));
      else this.add(actor, authorId);
    }
  }

  add(actor: number, authorId: UserId): void {
    const author = this.numberOf(authorId);
    if (this.authorsOf.find(actor, author) < 0) this.link(actor, author);
  }

  remove(actor: number, authorId: UserId): void {
    const author = this.numbers.get(authorId);
    if (author === undefined) return;
    const place = this.authorsOf.find(actor, author);
    if (place < 0) return;
    this.authorsOf.removeAt(actor, place);
    this.actorsOf.removeAt(author, this.actorsOf.find(author, actor));
    this.freeIfUnused(author);
  }

  has(actor: number, authorId: UserId): boolean {
    const author = this.numbers.get(authorId);
    return author !== undefined && this.authorsOf.find(actor, author) >= 0;
  }

  /** How many actors are interested. */
  audience(authorId: UserId): number {
    const author = this.numbers.get(authorId);
    return author === undefined ? 0 : this.actorsOf.length(author);
  }

  /** Takes the actors out altogether. */
  drop(actors: readonly number[]): void {
    const gone = new Set(actors);
    const touched = new Set<number>();
    for (const actor of actors) {
      for (let place = 0; place < this.authorsOf.length(actor); place++) touched.add(this.authorsOf.at(actor, place));
      this.authorsOf.drop(actor);
    }
    for (const author of touched) {
      this.actorsOf.filter(author, (actor) => !gone.has(actor));
      this.freeIfUnused(author);
    }
  }

  /** `visit` must not change the index. */
  forEach(authorId: UserId, visit: (actor: number) => void): void {
    const author = this.numbers.get(authorId);
    if (author === undefined) return;
    this.actorsOf.forEach(author, visit);
  }

  private link(actor: number, author: number): void {
    this.authorsOf.push(actor, author);
    this.actorsOf.push(author, actor);
  }

  private numberOf(authorId: UserId): number {
    const known = this.numbers.get(authorId);
    if (known !== undefined) return known;
    const author = this.freeNumbers.pop() ?? this.authors.length;
    this.authors[author] = authorId;
    this.numbers.set(authorId, author);
    this.actorsOf.open(author);
    return author;
  }

  private freeIfUnused(author: number): void {
    const authorId = this.authors[author];
    if (this.actorsOf.length(author) > 0 || authorId === undefined) return;
    this.actorsOf.drop(author);
    this.numbers.delete(authorId);
    this.authors[author] = undefined;
    this.freeNumbers.push(author);
  }
}
