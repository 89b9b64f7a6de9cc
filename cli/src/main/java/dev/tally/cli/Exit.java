package dev.tally.cli;

/** Ends a command with a message and an exit code. */
public final class Exit extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Everything was done. */
    public static final int DONE = 0;

    /** The answer is no: a difference, drift. */
    public static final int NO = 1;

    /** Wrong usage or settings. */
    public static final int USAGE = 2;

    /** A server cannot be reached. */
    public static final int UNREACHABLE = 3;

    private final int code;

    /** An end with one of the codes. */
    public Exit(int code, String message) {
        super(message);
        this.code = code;
    }

    /** The exit code. */
    public int code() {
        return code;
    }
}
