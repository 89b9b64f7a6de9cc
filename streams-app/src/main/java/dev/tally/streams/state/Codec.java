package dev.tally.streams.state;

import java.nio.ByteBuffer;

/** Frames the values of state stores: a version byte, then the fields. A reader knows its own version and the one before it. */
public final class Codec {

    private Codec() {}

    /** A buffer of exactly a number of bytes, after the version byte it starts with. */
    public static ByteBuffer write(int version, int bytes) {
        return ByteBuffer.allocate(bytes + 1).put((byte) version);
    }

    /** What was written to a buffer of {@link #write}, which it fills. */
    @SuppressWarnings("ByteBufferBackingArray")
    public static byte[] bytes(ByteBuffer written) {
        return written.array();
    }

    /** The fields of a value, refused when they were written in an unknown version. */
    public static ByteBuffer read(int version, byte[] bytes, String what) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int found = in.get();
        if (found != version) {
            throw new IllegalStateException(what + " was written in format " + found + ", this release reads " + version
                    + ": a newer release wrote this state, see docs/operations.md");
        }
        return in;
    }
}
