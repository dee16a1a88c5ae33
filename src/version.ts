export { version } from '#platform/paths';
