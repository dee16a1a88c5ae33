/** Two soft notes, made here: there is nothing to fetch that a page's policy would have to allow. */
let audio: AudioContext | null = null;

export function playNote(page: Window): void {
  try {
    audio ??= new (page as Window & typeof globalThis).AudioContext();
    const { currentTime, destination } = audio;
    for (const [index, frequency] of [660, 880].entries()) {
      const tone = audio.createOscillator();
      const loudness = audio.createGain();
      const begin = currentTime + index * 0.11;
      tone.frequency.value = frequency;
      loudness.gain.setValueAtTime(0, begin);
      loudness.gain.linearRampToValueAtTime(0.08, begin + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.001, begin + 0.3);
      tone.connect(loudness).connect(destination);
      tone.start(begin);
      tone.stop(begin + 0.32);
    }
  } catch {
    // No sound where browsers allow none.
  }
}
