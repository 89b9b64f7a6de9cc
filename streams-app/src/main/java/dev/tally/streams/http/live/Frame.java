package dev.tally.streams.http.live;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Bytes of a stream of server-sent events, shared by all whom they are sent to. */
final class Frame {

    /** A comment: it keeps proxies from taking a quiet stream for a dead one, and shows that a listener has gone. */
    static final Frame BEAT = new Frame(": beat\n\n", false);

    private final byte[] bytes;
    private final boolean event;

    private Frame(String text, boolean event) {
        this.bytes = text.getBytes(StandardCharsets.UTF_8);
        this.event = event;
    }

    /** Whether it tells something. */
    boolean isEvent() {
        return event;
    }

    /** @param json on one line, as JSON without indentation is */
    static Frame usage(Seen id, String json) {
        return new Frame("id: " + id.text() + "\nevent: usage\ndata: " + json + "\n\n", true);
    }

    /** @param json on one line */
    static Frame status(String json) {
        return new Frame("event: status\ndata: " + json + "\n\n", true);
    }

    /** The bytes of frames in a row; not to be changed. */
    static byte[] bytes(List<Frame> frames) {
        if (frames.size() == 1) {
            return frames.getFirst().bytes;
        }
        int length = 0;
        for (Frame frame : frames) {
            length += frame.bytes.length;
        }
        byte[] all = new byte[length];
        int at = 0;
        for (Frame frame : frames) {
            System.arraycopy(frame.bytes, 0, all, at, frame.bytes.length);
            at += frame.bytes.length;
        }
        return all;
    }
}
