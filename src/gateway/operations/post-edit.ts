/** Changes the caption of a post of one's own. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { captionInput, postIdInput } from './input-schemas.ts';
import { postView } from './view-schemas.ts';

export const postEdit = defineOperation({
  name: 'post.edit',
  summary: 'Edit the caption of your post',
  method: 'PUT',
  paths: ['/v1/posts/{postId}', '/v1/photos/{postId}'],
  auth: 'user',
  rate: 'write',
  status: 200,
  input: z.strictObject({ postId: postIdInput, caption: captionInput }),
  output: postView,
  handle: ({ services, viewer }, { postId, caption }) => services.posts.edit(viewer.userId, postId, { caption }),
});
