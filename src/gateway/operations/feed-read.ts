/** The home feed, newest first. The first page says where a live connection continues from. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { pageInput, pageOf } from './input-schemas.ts';
import { position, postPage } from './view-schemas.ts';

export const feedRead = defineOperation({
  name: 'feed.read',
  summary: 'Read your feed',
  method: 'GET',
  paths: ['/v1/feed'],
  auth: 'user',
  rate: 'read',
  status: 200,
  isPostPage: true,
  input: z.object(pageInput),
  output: postPage.unwrap().extend({ position: position.exactOptional() }).readonly(),
  async handle({ services, viewer }, input) {
    const { position, ...page } = await services.feed.page(viewer.userId, pageOf(input));
    return position === null ? page : { ...page, position };
  },
});
