/** What a device missed, from its cursor on: page by page until `done`. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { wireEvent } from './view-schemas.ts';

export const syncRead = defineOperation({
  name: 'sync',
  summary: 'Catch up on missed events',
  method: 'GET',
  paths: ['/v1/sync'],
  auth: 'user',
  rate: 'read',
  status: 200,
  input: z.object({ cursor: z.string().min(1).max(512) }),
  output: z
    .object({
      events: z.array(wireEvent).readonly().meta({ description: 'Oldest first; drop those whose `id` is known.' }),
      cursor: z.string().meta({ description: 'To go on from; when `done`, to keep.' }),
      done: z.boolean(),
      reset: z
        .enum(['retention', 'bounds'])
        .nullable()
        .meta({ description: 'Set when too much was missed: reload feed and notifications instead.' }),
    })
    .readonly(),
  async handle({ services, viewer }, { cursor }) {
    const page = await services.feed.sync(viewer.userId, cursor);
    const events = page.events.map(({ id, type, atMs, dataJson }) => ({
      id,
      type,
      at: new Date(atMs).toISOString(),
      data: JSON.parse(dataJson) as unknown,
    }));
    return { ...page, events };
  },
});
