/** Finds the route of a path: `/v1/posts/{postId}`; a final `*` takes the rest of the path. Static segments win. */
import { Problem } from '../../errors.ts';
import type { HttpRequest, HttpResponse } from './exchange.ts';

export type PathParameters = Readonly<Record<string, string>>;

export interface Route {
  readonly method: string;
  readonly path: string;
  handle(request: HttpRequest, parameters: PathParameters): Promise<HttpResponse>;
}

interface Node {
  readonly children: Map<string, Node>;
  parameter: Node | null;
  rest: Map<string, RouteWithNames> | null;
  routes: Map<string, RouteWithNames> | null;
}

interface RouteWithNames {
  readonly route: Route;
  readonly names: readonly string[];
}

interface Found {
  readonly routes: Map<string, RouteWithNames>;
  readonly values: readonly string[];
}

export type Match =
  | { readonly kind: 'found'; readonly route: Route; readonly parameters: PathParameters }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'unknown' };

const PARAMETER_PATTERN = /^\{(\w+)\}$/;

function emptyNode(): Node {
  return { children: new Map(), parameter: null, rest: null, routes: null };
}

export class RouteTable {
  private readonly root = emptyNode();

  /** Of two routes with one method and path the later wins. */
  constructor(routes: readonly Route[]) {
    for (const route of routes) this.add(route);
  }

  match(method: string, path: string): Match {
    const found = this.find(this.root, path.split('/').slice(1), 0, []);
    if (found === null) return { kind: 'unknown' };
    const hit = found.routes.get(method) ?? (method === 'HEAD' ? found.routes.get('GET') : undefined);
    if (hit === undefined) return { kind: 'wrong-method', allowed: allowedMethods(found.routes) };
    const parameters = Object.fromEntries(hit.names.map((name, index) => [name, decode(found.values[index] ?? '')]));
    return { kind: 'found', route: hit.route, parameters };
  }

  private add(route: Route): void {
    const names: string[] = [];
    let node = this.root;
    for (const segment of route.path.split('/').slice(1)) {
      if (segment === '*') {
        node.rest ??= new Map();
        node.rest.set(route.method, { route, names: [...names, 'rest'] });
        return;
      }
      const name = PARAMETER_PATTERN.exec(segment)?.[1];
      let next = name === undefined ? node.children.get(segment) : node.parameter;
      if (next === undefined || next === null) {
        next = emptyNode();
        if (name === undefined) node.children.set(segment, next);
        else node.parameter = next;
      }
      if (name !== undefined) names.push(name);
      node = next;
    }
    node.routes ??= new Map();
    node.routes.set(route.method, { route, names });
  }

  private find(node: Node, segments: readonly string[], depth: number, values: readonly string[]): Found | null {
    const segment = segments[depth];
    if (segment === undefined) return node.routes === null ? null : { routes: node.routes, values };
    const child = node.children.get(segment);
    const exact = child === undefined ? null : this.find(child, segments, depth + 1, values);
    if (exact !== null) return exact;
    const named =
      node.parameter === null || segment === ''
        ? null
        : this.find(node.parameter, segments, depth + 1, [...values, segment]);
    if (named !== null) return named;
    return node.rest === null ? null : { routes: node.rest, values: [...values, segments.slice(depth).join('/')] };
  }
}

function allowedMethods(routes: ReadonlyMap<string, unknown>): readonly string[] {
  return [...new Set([...routes.keys(), ...(routes.has('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort();
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Problem('invalid-request', { detail: 'The path is not percent-encoded properly.' });
  }
}
