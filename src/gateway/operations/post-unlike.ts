/** Takes a like back. Repeating it is fine. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { postIdInput } from './input-schemas.ts';
import { likes } from './view-schemas.ts';

export const postUnlike = defineOperation({
  name: 'post.unlike',
  summary: 'Take a like back',
  method: 'DELETE',
  paths: ['/v1/posts/{postId}/like'],
  auth: 'user',
  rate: 'write',
  status: 200,
  input: z.object({ postId: postIdInput }),
  output: likes,
  handle: ({ services, viewer }, { postId }) => services.engagement.unlike(viewer.userId, postId),
});
