/** What names, addresses and passwords may look like. Pure; every refusal names the field and what is allowed. */
import { type FieldError, Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ClaimKind } from '../../storage/repositories/accounts.ts';

const USERNAME = /^[a-z0-9._]+$/;
/** A name is part of paths and sentences: no dot at an end, no two in a row. */
const STRAY_DOT = /^\.|\.$|\.\./;
const EMAIL =
  /^[^\s\p{Cc}@"(),:;<>[\]\\]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Names that would be taken for the service itself, or for a page of it. */
const RESERVED_NAMES = new Set(
  `about account accounts admin administrator api app assets auth blog by-username contact docs explore feed health help
  home info instagram legal live login logout mail me media metrics mod moderator notifications null official openapi
  photos post posts press privacy profile register root search security settings shutterline signin signout signup
  socket.io staff status support system team terms undefined upload uploads user users v1 webmaster www`.split(/\s+/),
);

export interface NewAccount {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/** One spelling for all that a person would call the same name or address. */
export function fold(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
}

/** The account with name and address folded, or rejects `invalid-request` with every field that is wrong. */
export function acceptedAccount(input: NewAccount): NewAccount {
  const account = { username: fold(input.username), email: fold(input.email), password: input.password };
  const fields: FieldError[] = [];
  const check = (field: keyof NewAccount, reason: string | null) => {
    if (reason !== null) fields.push({ field, reason });
  };
  check('username', usernameFault(account.username));
  check('email', emailFault(account.email));
  check('password', passwordFault(account.password));
  if (fields.length > 0) throw new Problem('invalid-request', { fields });
  return account;
}

/** What a person types to sign in, as the claim it refers to. */
export function claimOfLogin(login: string): { readonly kind: ClaimKind; readonly value: string } {
  const value = fold(login);
  return { kind: value.includes('@') ? 'email' : 'username', value };
}

function usernameFault(username: string): string | null {
  const { usernameCharactersMin: min, usernameCharactersMax: max } = limits;
  if (username.length < min || username.length > max) return `must have ${min} to ${max} characters`;
  if (!USERNAME.test(username)) return 'may hold letters a to z, digits, dots and underscores';
  if (STRAY_DOT.test(username)) return 'must not begin or end with a dot or hold two in a row';
  if (RESERVED_NAMES.has(username)) return 'is reserved';
  return null;
}

function emailFault(email: string): string | null {
  if (email.length > limits.emailCharactersMax) return `must have at most ${limits.emailCharactersMax} characters`;
  return EMAIL.test(email) ? null : 'must be an e-mail address, such as name@example.org';
}

function passwordFault(password: string): string | null {
  const { passwordCharactersMin: min, passwordCharactersMax: max } = limits;
  const characters = Array.from(password).length;
  if (characters < min || characters > max) return `must have ${min} to ${max} characters`;
  return LONE_SURROGATE.test(password) ? 'must be well-formed text' : null;
}
