import { ApiProperty } from '@nestjs/swagger';
import { FamilyView } from './family-view.js';

export class SessionView {
  @ApiProperty() accessToken!: string;
  @ApiProperty({ enum: ['Bearer'] }) tokenType!: 'Bearer';
  @ApiProperty({ description: 'Seconds until the access token expires.' }) expiresIn!: number;
}

export class FamilyWithSession {
  @ApiProperty() family!: FamilyView;
  @ApiProperty() session!: SessionView;
}
