import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';

/** RFC 8037: Ed25519 under the name EdDSA; RFC 9068 names the type of an access token. */
const ALGORITHM = 'EdDSA';
const TYPE = 'at+jwt';
/** DER of a PKCS #8 Ed25519 private key up to its 32-byte seed (RFC 8410, section 7). */
const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Who a token speaks for. */
export interface AccessTokenSubject {
  family: string;
  member: string;
}

export interface AccessTokenOptions {
  issuer: string;
  /** Life in seconds; at most 900. */
  ttlSeconds: number;
}

/** What a client gets: the answer's `session`. */
export interface IssuedSession {
  accessToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
}

/** The token is not ours, or not valid any more. */
export class AccessTokenInvalid extends Error {
  constructor(readonly reason: 'expired' | 'invalid') {
    super(reason === 'expired' ? 'The access token has expired' : 'The access token is not valid');
    this.name = 'AccessTokenInvalid';
  }
}

/** Signs and verifies short-lived access tokens. Every process with the same secret accepts them. */
export class AccessTokens {
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  /** Names the key in the token's header, so that a later key can live beside it. */
  private readonly keyId: string;

  /** @param seed 32 bytes, derived from the service secret. */
  constructor(
    seed: Buffer,
    private readonly options: AccessTokenOptions,
  ) {
    this.privateKey = createPrivateKey({
      key: Buffer.concat([PKCS8_ED25519_PREFIX, seed]),
      format: 'der',
      type: 'pkcs8',
    });
    this.publicKey = createPublicKey(this.privateKey);
    const spki = this.publicKey.export({ format: 'der', type: 'spki' });
    this.keyId = createHash('sha256').update(spki).digest('base64url').slice(0, 16);
  }

  async issue({ family, member }: AccessTokenSubject, now: Date): Promise<IssuedSession> {
    const issuedAt = Math.floor(now.getTime() / 1000);
    const accessToken = await new SignJWT({ family })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: this.keyId })
      .setIssuer(this.options.issuer)
      .setSubject(member)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + this.options.ttlSeconds)
      .sign(this.privateKey);
    return { accessToken, tokenType: 'Bearer', expiresIn: this.options.ttlSeconds };
  }

  /** @throws AccessTokenInvalid */
  async verify(token: string): Promise<AccessTokenSubject> {
    const { payload } = await jwtVerify(token, ({ kid }) => this.keyFor(kid), {
      algorithms: [ALGORITHM],
      typ: TYPE,
      issuer: this.options.issuer,
      requiredClaims: ['sub', 'exp', 'iat'],
    }).catch((error: unknown) => {
      const expired = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED';
      throw new AccessTokenInvalid(expired ? 'expired' : 'invalid');
    });
    const { sub: member, family } = payload;
    if (member === undefined || typeof family !== 'string') throw new AccessTokenInvalid('invalid');
    return { family, member };
  }

  private keyFor(kid: string | undefined): KeyObject {
    if (kid !== this.keyId) throw new AccessTokenInvalid('invalid');
    return this.publicKey;
  }
}
