/** Creates a post as a draft. It goes live by itself once its photos have been sent to the upload URLs. */
import { z } from 'zod';
import { invariant } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { defineOperation } from '../operation.ts';
import { captionInput, contentTypeInput, text } from './input-schemas.ts';
import { postIdView, postView, uploadSlot } from './view-schemas.ts';

const photo = z.strictObject({
  contentType: contentTypeInput,
  altText: text({ max: limits.altTextCharactersMax, lines: true }).default(''),
});

export const postCreate = defineOperation({
  name: 'post.create',
  summary: 'Create a post and get upload URLs for its photos',
  method: 'POST',
  paths: ['/v1/posts'],
  auth: 'user',
  rate: 'write',
  status: 201,
  creates: true,
  input: z.strictObject({
    caption: captionInput.default(''),
    photos: z
      .array(photo)
      .min(1)
      .max(limits.photosPerPostMax)
      .default([{ contentType: 'image/jpeg', altText: '' }])
      .meta({ description: 'In the order they are shown. Absent: one JPEG.' }),
  }),
  output: z
    .object({
      postId: postIdView,
      uploadUrl: z.url().meta({ description: 'Of the first photo.' }),
      uploads: z.array(uploadSlot).readonly(),
      post: postView,
    })
    .readonly(),
  async handle({ services, viewer, idempotencyKey }, input) {
    const { post, uploads } = await services.posts.createDraft(viewer.userId, input, { key: idempotencyKey });
    const [first] = uploads;
    invariant(first !== undefined, 'a draft has at least one upload');
    return { postId: post.id, uploadUrl: first.uploadUrl, uploads, post };
  },
});
