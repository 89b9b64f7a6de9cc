package dev.tally.schemas.catalogue;

/**
 * Something wrong in a catalogue.
 *
 * @param path where, e.g. {@code plans[2].limits[0].meter}
 * @param message what
 */
public record Problem(String path, String message) {

    @Override
    public String toString() {
        return path + ": " + message;
    }
}
