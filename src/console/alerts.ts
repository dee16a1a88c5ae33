/** A sound and a notification, for those who asked for them by a click: browsers allow neither before. */

const KEY = 'switchboard.inbox.alerts';

export class Alerts {
  private audio: AudioContext | null = null;

  get on(): boolean {
    return localStorage.getItem(KEY) === 'on';
  }

  /** @returns whether the browser lets notifications through; the sound works either way */
  async turnOn(): Promise<boolean> {
    localStorage.setItem(KEY, 'on');
    this.audio ??= new AudioContext();
    this.chime();
    if (!('Notification' in globalThis)) return false;
    return (await Notification.requestPermission()) === 'granted';
  }

  turnOff(): void {
    localStorage.setItem(KEY, 'off');
  }

  /** @param onOpen when the notification is clicked */
  tell(title: string, body: string, onOpen: () => void): void {
    if (!this.on) return;
    this.chime();
    if (!document.hidden || !('Notification' in globalThis) || Notification.permission !== 'granted') return;
    const notification = new Notification(title, { body, tag: title });
    notification.onclick = () => {
      window.focus();
      notification.close();
      onOpen();
    };
  }

  /** Two short tones, quiet; made here, so that nothing is loaded. */
  private chime(): void {
    this.audio ??= new AudioContext();
    const { audio } = this;
    if (audio.state === 'suspended') void audio.resume().catch(() => undefined);
    for (const [at, pitch] of [
      [0, 660],
      [0.14, 880],
    ] as const) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + at;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.06, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + 0.25);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.26);
    }
  }
}
