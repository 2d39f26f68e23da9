import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class FieldProblem {
  @ApiProperty() field!: string;
  @ApiProperty() message!: string;
}

/** RFC 9457, as it stands in the OpenAPI document. */
export class ProblemView {
  @ApiProperty({ example: '/problems/email-already-claimed' }) type!: string;
  @ApiProperty() title!: string;
  @ApiProperty() status!: number;
  @ApiPropertyOptional() detail?: string;
  @ApiPropertyOptional({ description: 'The request, as the service logged it.' }) instance?: string;
  @ApiPropertyOptional({ type: [FieldProblem] }) errors?: FieldProblem[];
}
