/**
 * A vector in pgvector's binary form (`vector_recv`): dimensions, an unused half, big-endian floats. `pg` sends a Buffer as a
 * binary parameter, which spares both sides the decimal text. The placeholder needs its type: `$1::vector`.
 */
export function vectorValue(vector: Float32Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 + vector.length * 4);
  bytes.writeUInt16BE(vector.length, 0);
  bytes.writeUInt16BE(0, 2);
  for (let index = 0; index < vector.length; index++) bytes.writeFloatBE(vector[index] ?? 0, 4 + index * 4);
  return bytes;
}
