import type { Role } from '#platform/context';

export interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly user: {
    readonly id: string;
    readonly email: string | null;
    readonly name: string;
    readonly role: Role;
    readonly persona: string | null;
  };
  readonly tenant: { readonly id: string; readonly slug: string };
}
