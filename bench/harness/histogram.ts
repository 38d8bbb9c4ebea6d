/**
 * Counts of durations by logarithmic buckets, as HdrHistogram does it: every power of two is cut into 64 equal parts, so
 * a percentile is at most 1.6 % above the truth, over the whole range, in a fixed few kilobytes.
 */
const PARTS_BITS = 6;
const PARTS = 1 << PARTS_BITS;
/** Up to 2³⁶ microseconds: a day. */
const BUCKETS = (36 - PARTS_BITS + 1) * PARTS;

export interface HistogramSummary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class Histogram {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;
  private largest = 0;

  /** `value` ≥ 0 in the unit of your choice; below 64 it is kept exactly when whole. */
  record(value: number): void {
    const whole = Math.max(0, Math.round(value));
    const bucket = Math.min(bucketOf(whole), BUCKETS - 1);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.total++;
    this.largest = Math.max(this.largest, lastOf(bucket));
  }

  get count(): number {
    return this.total;
  }

  /** The smallest value of which at least `fraction` of all are not larger, rounded up to its bucket's end. */
  percentile(fraction: number): number {
    const wanted = Math.max(1, Math.ceil(fraction * this.total));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket] ?? 0;
      if (seen >= wanted) return Math.min(lastOf(bucket), this.largest);
    }
    return this.largest;
  }

  summary(): HistogramSummary {
    return { count: this.total, p50: this.percentile(0.5), p99: this.percentile(0.99), max: this.largest };
  }

  /** For sending to another process: pairs of bucket and count. */
  toPairs(): number[] {
    const pairs: number[] = [];
    this.counts.forEach((count, bucket) => {
      if (count > 0) pairs.push(bucket, count);
    });
    return pairs;
  }

  addPairs(pairs: readonly number[]): void {
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const bucket = pairs[at] ?? 0;
      const count = pairs[at + 1] ?? 0;
      this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
      this.total += count;
      this.largest = Math.max(this.largest, lastOf(bucket));
    }
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
    this.largest = 0;
  }
}

function bucketOf(value: number): number {
  if (value < PARTS) return value;
  const exponent = Math.floor(Math.log2(value));
  const shift = exponent - PARTS_BITS;
  return (shift + 1) * PARTS + (Math.floor(value / 2 ** shift) - PARTS);
}

function lastOf(bucket: number): number {
  if (bucket < PARTS) return bucket;
  const shift = Math.floor(bucket / PARTS) - 1;
  return ((bucket % PARTS) + PARTS + 1) * 2 ** shift - 1;
}
