/** Who can do what: a node can do a job when it has every skill that the job names. */

export function canDo(has: readonly string[], needs: readonly string[]): boolean {
  return needs.every((skill) => has.includes(skill));
}

export function someCanDo(pool: readonly (readonly string[])[], needs: readonly string[]): boolean {
  return pool.some((skills) => canDo(skills, needs));
}
