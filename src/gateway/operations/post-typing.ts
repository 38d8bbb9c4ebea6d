/** Tells those who watch a post that a comment is being written. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { postIdInput } from './input-schemas.ts';
import { nothing } from './view-schemas.ts';

export const postTyping = defineOperation({
  name: 'post.typing',
  summary: 'Say that a comment is being written',
  method: 'POST',
  paths: ['/v1/posts/{postId}/typing'],
  auth: 'user',
  rate: 'write',
  status: 204,
  input: z.strictObject({ postId: postIdInput }),
  output: nothing,
  async handle({ services, viewer }, { postId }) {
    await services.engagement.typing(viewer.userId, postId);
    return null;
  },
});
