/** Likes a post. Liking twice is fine. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { postIdInput } from './input-schemas.ts';
import { likes } from './view-schemas.ts';

export const postLike = defineOperation({
  name: 'post.like',
  summary: 'Like a post',
  method: 'PUT',
  paths: ['/v1/posts/{postId}/like'],
  auth: 'user',
  rate: 'write',
  status: 200,
  input: z.strictObject({ postId: postIdInput }),
  output: likes,
  handle: ({ services, viewer }, { postId }) => services.engagement.like(viewer.userId, postId),
});
