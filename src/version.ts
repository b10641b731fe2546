/** The package's version, as it goes in `context.library`; a test holds it to package.json. */
export const VERSION = '0.1.0'
