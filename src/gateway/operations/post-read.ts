/** One post. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { postIdInput } from './input-schemas.ts';
import { postPageItem } from './view-schemas.ts';

export const postRead = defineOperation({
  name: 'post.read',
  summary: 'Read a post',
  method: 'GET',
  paths: ['/v1/posts/{postId}', '/v1/photos/{postId}'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  input: z.object({ postId: postIdInput }),
  output: postPageItem,
  handle: ({ services, viewer }, { postId }) => services.posts.read(viewer?.userId ?? null, postId),
});
