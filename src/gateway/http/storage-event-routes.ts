/**
 * `POST /v1/storage-events`: the blob store tells which bytes have come in, so that a photograph which a phone sent straight
 * there is taken in though the phone never says so. Telling it twice, late or out of order changes nothing.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import type { Services } from '../services.ts';
import { isBearer } from './bearer.ts';
import { emptyResponse, type HttpRequest, type HttpResponse } from './exchange.ts';
import { jsonBounds, readJsonObject, type WholeBodyBounds } from './request-body.ts';
import type { Route } from './route-table.ts';

export interface StorageEvents {
  /** Bearer token of whoever is believed. */
  readonly secret: string;
  /** Keys of the blobs that a notification speaks of. */
  readonly arrivals: (notification: unknown) => readonly string[];
}

export interface StorageEventDependencies {
  /** Null: nobody is believed, and there is no such path. */
  readonly storageEvents: StorageEvents | null;
  readonly services: Pick<Services, 'uploads'>;
  readonly clock: Clock;
  readonly limits: Limits;
}

export function storageEventRoutes(dependencies: StorageEventDependencies): Route[] {
  const { storageEvents } = dependencies;
  if (storageEvents === null) return [];
  const { services, limits } = dependencies;
  const taker: Taker = { ...storageEvents, limits, uploads: services.uploads, bounds: jsonBounds(dependencies) };
  return [
    {
      method: 'POST',
      path: '/v1/storage-events',
      handle: (request) => take(taker, request),
    },
  ];
}

interface Taker extends StorageEvents {
  readonly limits: Limits;
  readonly uploads: Services['uploads'];
  readonly bounds: WholeBodyBounds;
}

/** An answer other than success makes the sender tell it again. */
async function take({ secret, arrivals, limits, uploads, bounds }: Taker, request: HttpRequest): Promise<HttpResponse> {
  if (!isBearer(request.headers.get('authorization'), secret)) throw new Problem('unauthenticated');
  const keys = arrivals(await readJsonObject(request, bounds));
  await inParallel(keys, limits.storageEventsConcurrent, (key) => uploads.arrived(key));
  return emptyResponse(204);
}
