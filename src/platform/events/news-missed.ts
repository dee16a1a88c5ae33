/**
 * Events of other instances may have been lost. Whoever remembers something that they tell about forgets it, or looks it up
 * again.
 */
export class NewsMissed {}
