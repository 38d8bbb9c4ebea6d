/** What became of the posts a client holds, after it was away. */
import { z } from 'zod';
import { limits } from '../../limits.ts';
import { defineOperation } from '../operation.ts';
import { postIdInput } from './input-schemas.ts';
import { postIdView, postPageItem } from './view-schemas.ts';

export const postRevalidate = defineOperation({
  name: 'post.revalidate',
  summary: 'Ask what became of posts you hold',
  method: 'POST',
  paths: ['/v1/posts/revalidate'],
  auth: 'user',
  rate: 'read',
  status: 200,
  input: z.strictObject({
    held: z
      .record(postIdInput as z.ZodType<string, string>, z.int().min(0))
      .refine(
        (held) => Object.keys(held).length <= limits.revalidatedPostsMax,
        `must name at most ${limits.revalidatedPostsMax} posts`,
      )
      .meta({ description: 'The version held, by post id.' }),
  }),
  output: z
    .object({
      changed: z.array(postPageItem).readonly().meta({ description: 'Those with a higher version.' }),
      gone: z.array(postIdView).readonly().meta({ description: 'Those to drop.' }),
    })
    .readonly(),
  handle: ({ services, viewer }, { held }) => services.posts.revalidate(viewer.userId, held),
});
