/** The bytes of photographs: `PUT` to a signed URL, and everything in one `multipart/form-data` request. */
import { createReadStream } from 'node:fs';
import { Problem } from '../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { Limits } from '../../limits.ts';
import type { PostId, UserId } from '../../ids.ts';
import type { UploadSlot, UploadTarget } from '../../media/uploads.ts';
import type { PostPageItem } from '../../actors/views.ts';
import type { Authenticator } from '../auth/accounts.ts';
import type { OperationRunner } from '../run-operation.ts';
import type { Services } from '../services.ts';
import { idempotencyKeyOf, signedInViewerOf } from './caller.ts';
import { emptyResponse, type HttpRequest, type HttpResponse, jsonResponse } from './exchange.ts';
import type { Gate } from './gate.ts';
import { type PhotoForm, withPhotoForm } from './photo-form.ts';
import { boundedBody } from './request-body.ts';
import { quotaHeaders, requireQuota } from './rest-routes.ts';
import type { PathParameters, Route } from './route-table.ts';

export interface UploadDependencies {
  readonly services: Pick<Services, 'posts' | 'uploads'>;
  readonly authenticator: Authenticator;
  readonly runner: OperationRunner;
  /** Shared by all uploads of the node. */
  readonly gate: Gate;
  /** A folder of this process's own, for the files of a form until it has been read to its end. */
  readonly spoolDir: string;
  readonly clock: Clock;
  readonly limits: Limits;
}

export function uploadRoutes(dependencies: UploadDependencies): Route[] {
  return [
    {
      method: 'PUT',
      path: '/v1/uploads/{mediaId}',
      handle: (request, parameters) => putUpload(dependencies, request, parameters),
    },
    { method: 'POST', path: '/v1/photos', handle: (request) => postPhotoForm(dependencies, request) },
  ];
}

async function putUpload(
  dependencies: UploadDependencies,
  request: HttpRequest,
  parameters: PathParameters,
): Promise<HttpResponse> {
  const { services, runner, gate, clock, limits } = dependencies;
  const target = services.uploads.verify(parameters['mediaId'] ?? '', request.query);
  requireQuota(runner.admit(target.ownerId, 'upload', request.clientAddress));
  return gate.run(async () => {
    const bounds = { clock, bytesMax: limits.photoBytesMax, timeoutMs: limits.uploadTimeoutMs };
    await services.uploads.receive(target, boundedBody(request, bounds));
    await services.uploads.complete(target);
    return emptyResponse(204);
  });
}

async function postPhotoForm(dependencies: UploadDependencies, request: HttpRequest): Promise<HttpResponse> {
  const { runner, gate, spoolDir, clock, limits } = dependencies;
  const viewer = await signedInViewerOf(dependencies.authenticator, request);
  const key = idempotencyKeyOf(request);
  const quota = runner.admit(viewer.userId, 'upload', request.clientAddress);
  requireQuota(quota);
  return gate.run(async () => {
    const post = await withPhotoForm({ request, spoolDir, clock, limits }, (form) =>
      publishForm(dependencies, viewer.userId, { form, key }),
    );
    return jsonResponse(201, post, {
      ...quotaHeaders(quota),
      Location: `/v1/posts/${post.id}`,
      'Cache-Control': 'no-store',
    });
  });
}

async function publishForm(
  dependencies: UploadDependencies,
  userId: UserId,
  submitted: { form: PhotoForm; key: string | null },
): Promise<PostPageItem> {
  const { posts } = dependencies.services;
  const { caption, photos } = submitted.form;
  const draft = await posts.createDraft(
    userId,
    { caption, photos: photos.map(({ contentType, altText }) => ({ contentType, altText })) },
    { key: submitted.key },
  );
  const postId: PostId = draft.post.id;
  for (const [index, slot] of draft.uploads.entries()) {
    const photo = photos[index];
    if (photo !== undefined) await store(dependencies, { slot, userId, path: photo.path });
  }
  return posts.read(userId, postId);
}

async function store(
  dependencies: UploadDependencies,
  photo: { slot: UploadSlot; userId: UserId; path: string },
): Promise<void> {
  const { uploads } = dependencies.services;
  const target: UploadTarget = { mediaId: photo.slot.mediaId, ownerId: photo.userId };
  try {
    await uploads.receive(target, createReadStream(photo.path));
  } catch (error) {
    // A repeat under the same idempotency key: these bytes were taken the first time.
    if (error instanceof Problem && error.code === 'conflict') return;
    throw error;
  }
  await uploads.complete(target);
}
