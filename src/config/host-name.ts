/** The form of a host's name, as a regular expression. */
export const HOST_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$';
