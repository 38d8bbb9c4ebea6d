/**
 * What two places that hold the same rows agree on, in whatever order they give them: how many, and the sum of their
 * hashes, each over content and expiry. Rows that end within the hour are left out, as they may end in between.
 */
import { createHash } from 'node:crypto';
import type { Store, StoredRow } from '../storage/store.ts';
import type { Table } from '../storage/table.ts';

const HASH_BYTES = 6;
const MODULUS = 2 ** (8 * HASH_BYTES);
const MARGIN_MS = 3_600_000;

export class TableDigest {
  private readonly horizonMs: number;
  private rows = 0;
  private sum = 0;

  constructor(nowMs: number) {
    this.horizonMs = nowMs + MARGIN_MS;
  }

  add({ row, expiresAtMs }: StoredRow<unknown>): void {
    if (expiresAtMs !== null && expiresAtMs <= this.horizonMs) return;
    const hash = createHash('sha256')
      .update(JSON.stringify([row, expiresAtMs]))
      .digest();
    this.rows++;
    this.sum = (this.sum + hash.readUIntBE(0, HASH_BYTES)) % MODULUS;
  }

  get text(): string {
    return `${this.rows}:${this.sum.toString(16)}`;
  }

  static async of(store: Store, table: Table, nowMs: number): Promise<string> {
    const digest = new TableDigest(nowMs);
    for await (const stored of store.scanWithExpiry(table)) digest.add(stored);
    return digest.text;
  }
}
