import test from 'ava';
import { forwardedAddress } from '../../src/gateway/http/client-address.ts';
import { OriginPolicy } from '../../src/gateway/http/origins.ts';
import { type Route, RouteTable } from '../../src/gateway/http/route-table.ts';
import { rateKey } from '../../src/gateway/rate-limit.ts';

test('a route is found by its most specific path', (t) => {
  const route = (method: string, path: string): Route => ({ method, path, handle: () => Promise.reject(new Error()) });
  const table = new RouteTable([
    route('GET', '/v1/users/{userId}'),
    route('GET', '/v1/users/me'),
    route('DELETE', '/v1/users/{userId}'),
    route('GET', '/v1/users/{userId}/posts/{postId}'),
    route('GET', '/media/*'),
  ]);
  const find = (method: string, path: string) => {
    const match = table.match(method, path);
    return match.kind === 'found' ? [match.route.path, match.parameters] : match;
  };
  t.deepEqual(find('GET', '/v1/users/me'), ['/v1/users/me', {}]);
  t.deepEqual(find('GET', '/v1/users/7'), ['/v1/users/{userId}', { userId: '7' }]);
  t.deepEqual(find('GET', '/v1/users/me/posts/8'), [
    '/v1/users/{userId}/posts/{postId}',
    { userId: 'me', postId: '8' },
  ]);
  t.deepEqual(find('GET', '/media/a/b%20c'), ['/media/*', { rest: 'a/b c' }]);
  t.deepEqual(find('POST', '/v1/users/7'), { kind: 'wrong-method', allowed: ['DELETE', 'GET', 'HEAD', 'OPTIONS'] });
  t.deepEqual(find('GET', '/v1/users/'), { kind: 'unknown' });
  t.deepEqual(find('GET', '/v1/users/7/posts'), { kind: 'unknown' });
  t.deepEqual(find('GET', '/constructor'), { kind: 'unknown' });
});

test('an origin is permitted if it is ours, listed, or absent', (t) => {
  const policy = new OriginPolicy(['https://app.example'], 'https://photos.example/base');
  t.true(policy.permits(undefined, 'any'));
  t.true(policy.permits('https://app.example', 'x'));
  t.true(policy.permits('https://photos.example', 'x'));
  t.true(policy.permits('http://127.0.0.1:8080', '127.0.0.1:8080'));
  for (const origin of [
    'https://evil.example',
    'null',
    'https://app.example.evil',
    'javascript://127.0.0.1:8080',
    '//x',
  ]) {
    t.false(policy.permits(origin, '127.0.0.1:8080'), origin);
  }
});

test('only as many forwarded addresses are believed as proxies are trusted', (t) => {
  t.is(forwardedAddress('1.1.1.1, 2.2.2.2', 0), null);
  t.is(forwardedAddress('1.1.1.1, 2.2.2.2', 1), '2.2.2.2');
  t.is(forwardedAddress('1.1.1.1', 3), '1.1.1.1');
  t.is(forwardedAddress('<script>', 1), null);
});

test('rate limits count users, addresses for sign-in, and whole IPv6 networks', (t) => {
  t.is(rateKey('ann', 'write', '1.1.1.1'), 'user:ann');
  t.is(rateKey('ann', 'sign-in', '1.1.1.1'), 'address:1.1.1.1');
  t.is(rateKey(null, 'read', '2001:db8:1:2:3:4:5:6'), rateKey(null, 'read', '2001:0db8:0001:0002:aaaa:0:0:1'));
  t.is(rateKey(null, 'read', '2001:db8::1'), 'address:2001:db8:0:0');
  t.not(rateKey(null, 'read', '2001:db8:1:2::1'), rateKey(null, 'read', '2001:db8:1:3::1'));
  t.is(rateKey(null, 'read', '::ffff:10.0.0.1'), 'address:10.0.0.1');
  t.not(
    rateKey(null, 'read', '0000:0000:0000:0000:0000:ffff:0a00:0001'),
    rateKey(null, 'read', '0000:0000:0000:0000:0000:ffff:0a00:0002'),
  );
});
