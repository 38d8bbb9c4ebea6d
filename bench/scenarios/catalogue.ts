/** Every scenario there is, in the order in which `all` runs them. */
import type { Scenario } from '../harness/scenario.ts';
import { coalesce } from './coalesce.ts';
import { actors } from './actors.ts';
import { idle } from './idle.ts';
import { api } from './api.ts';
import { feed } from './feed.ts';
import { media } from './media.ts';
import { push } from './push.ts';
import { slow } from './slow.ts';
import { resume } from './resume.ts';
import { fanout } from './fanout.ts';

export const SCENARIOS: readonly Scenario[] = [idle, actors, fanout, coalesce, resume, slow, push, media, feed, api];
