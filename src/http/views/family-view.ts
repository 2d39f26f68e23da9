import { ApiProperty } from '@nestjs/swagger';
import { FamilyNotFound } from '../../families/domain/errors.js';
import { isRegistered, type Member } from '../../families/domain/state.js';
import type { LoadedFamily } from '../../families/load-family.js';

/** A member as clients see one. */
export class MemberView {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['owner', 'parent', 'child'] }) role!: string;
  @ApiProperty({ type: String, nullable: true }) nickname!: string | null;
  @ApiProperty({ type: Number, nullable: true }) birthYear!: number | null;
  @ApiProperty({ format: 'date-time' }) joinedAt!: string;

  @ApiProperty({
    type: 'integer',
    description:
      'The version at which the member last changed; in double quotes it is the `ETag` of the member.',
  })
  version!: number;
}

/** A family as clients see it. Built from the stream; credentials never leave the state. */
export class FamilyView {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'email', description: 'The address as its owner typed it.' }) email!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ example: 'en-GB' }) locale!: string;
  @ApiProperty({ enum: ['open', 'closed'] }) status!: string;
  @ApiProperty({ type: [MemberView] }) members!: MemberView[];
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
}

/** @throws FamilyNotFound where nobody has registered */
export function viewFamily({ id, state }: LoadedFamily): FamilyView {
  if (!isRegistered(state)) throw new FamilyNotFound(id);
  return {
    id,
    email: state.emailAsTyped,
    name: state.name,
    locale: state.locale,
    status: state.status,
    members: state.members.map(viewMember),
    createdAt: state.createdAt.toISOString(),
  };
}

/** A member of a family, as clients see one. */
export function viewMember({ id, role, nickname, birthYear, joinedAt, version }: Member): MemberView {
  return { id, role, nickname, birthYear, joinedAt: joinedAt.toISOString(), version };
}
