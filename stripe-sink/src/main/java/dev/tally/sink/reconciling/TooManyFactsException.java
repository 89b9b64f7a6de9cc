package dev.tally.sink.reconciling;

/** More facts than may be kept on the heap at once; a shorter span has fewer. */
public final class TooManyFactsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooManyFactsException(long most) {
        super("more than " + most + " facts");
    }
}
