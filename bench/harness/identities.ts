/** Who connects: one device for each of these people. */
import type { ClientIdentity } from '../load/load-calls.ts';
import type { Person, World } from '../product/world.ts';

export function identitiesOf(world: World, people: readonly Person[], devicesEach = 1): ClientIdentity[] {
  return people.flatMap((person) => {
    const token = world.token(person);
    return Array.from({ length: devicesEach }, (_, device) => ({ token, device: `phone-${device}` }));
  });
}
