/**
 * A hello inside the upgrade request: `Sec-WebSocket-Protocol: shutterline.v1, resume.<base64url of JSON>`. The answer to
 * the upgrade and the `welcome` then leave in one write. Browsers and proxies pass the header on unchanged.
 */
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { PROTOCOL } from './messages.ts';
import { type Hello, parseHello } from './parse.ts';

const RESUME_PREFIX = 'resume.';
/** As clients send it: nothing to take apart. */
const USUAL_OFFER = `${PROTOCOL}, ${RESUME_PREFIX}`;

export interface UpgradeOffer {
  /** Null: the hello comes as the first frame. */
  readonly hello: Hello | null;
}

const WITHOUT_HELLO: UpgradeOffer = { hello: null };

/** Rejects `unsupported-version` when this version is not offered, and `protocol-error` for a malformed resume. */
export function readUpgradeOffer(header: string): UpgradeOffer {
  if (header === PROTOCOL) return WITHOUT_HELLO;
  if (header.startsWith(USUAL_OFFER) && !header.includes(',', USUAL_OFFER.length)) {
    return { hello: decodeResume(header.slice(USUAL_OFFER.length)) };
  }
  const offered = header.split(',').map((item) => item.trim());
  if (!offered.includes(PROTOCOL)) {
    throw new Problem('unsupported-version', { detail: `Offer the WebSocket subprotocol ${PROTOCOL}.` });
  }
  const resume = offered.find((item) => item.startsWith(RESUME_PREFIX));
  return { hello: resume === undefined ? null : decodeResume(resume.slice(RESUME_PREFIX.length)) };
}

function decodeResume(encoded: string): Hello {
  if (encoded.length > limits.resumeHeaderCharactersMax) {
    throw new Problem('protocol-error', { detail: 'the resume in the upgrade is too long' });
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(encoded, 'base64url').toString());
  } catch {
    throw new Problem('protocol-error', { detail: 'the resume in the upgrade is not base64url of JSON' });
  }
  if (typeof value !== 'object' || value === null || !('ticket' in value)) {
    throw new Problem('protocol-error', { detail: 'the resume in the upgrade carries no `ticket`' });
  }
  const fields = value as Readonly<Record<string, unknown>>;
  // The position stands among the fields of the hello, not in one of its own.
  return parseHello(fields, fields['epoch'] === undefined ? undefined : fields);
}
