package dev.tally.streams.query;

import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value as its owner stores it; whoever asked decodes it.
 *
 * @param base64 null where there is none
 */
record Stored(@Nullable String base64) {

    static Stored of(byte @Nullable [] value) {
        return new Stored(value == null ? null : Base64.getEncoder().encodeToString(value));
    }

    Optional<byte[]> bytes() {
        return Optional.ofNullable(base64).map(Base64.getDecoder()::decode);
    }
}
