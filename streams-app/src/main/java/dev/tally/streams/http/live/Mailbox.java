package dev.tally.streams.http.live;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What is yet to be sent to one listener: of each kind of frame the newest only, so that a slow listener takes no more memory than a quick
 * one, and misses values between, never the last. Filled by one thread, emptied by another.
 */
final class Mailbox {

    private static final Content EMPTY = new Content(null, null, false, false);

    private final AtomicReference<Content> content = new AtomicReference<>(EMPTY);
    private volatile @Nullable Thread reader;

    private record Content(@Nullable Frame usage, @Nullable Frame status, boolean beat, boolean closed) {
        boolean isEmpty() {
            return usage == null && status == null && !beat;
        }
    }

    /** Usage takes the place of usage that was not sent yet, and of a status: with an answer there is nothing to excuse. */
    void usage(Frame frame) {
        put(now -> new Content(frame, null, false, now.closed));
    }

    void status(Frame frame) {
        put(now -> new Content(now.usage, frame, false, now.closed));
    }

    /** A sign of life, where there is nothing else to send. */
    void beat() {
        put(now -> now.isEmpty() ? new Content(null, null, true, now.closed) : now);
    }

    /** Nothing more will come; what is there may still be taken. */
    void close() {
        put(now -> new Content(now.usage, now.status, now.beat, true));
    }

    private void put(UnaryOperator<Content> change) {
        content.updateAndGet(change);
        LockSupport.unpark(reader);
    }

    /** What is there, in the order of sending, waiting for it; empty once there will be nothing more. By one thread only. */
    List<Frame> take() {
        reader = Thread.currentThread();
        while (true) {
            List<Frame> frames = poll();
            if (!frames.isEmpty()) {
                return frames;
            }
            Content now = Objects.requireNonNull(content.get());
            if ((now.closed && now.isEmpty()) || Thread.currentThread().isInterrupted()) {
                return List.of();
            }
            if (now.isEmpty()) {
                LockSupport.park(this);
            }
        }
    }

    /** What is there, in the order of sending; empty where there is nothing. */
    List<Frame> poll() {
        return frames(content.getAndUpdate(now -> new Content(null, null, false, now.closed)));
    }

    private static List<Frame> frames(Content taken) {
        List<Frame> frames = new ArrayList<>(2);
        if (taken.usage != null) {
            frames.add(taken.usage);
        }
        if (taken.status != null) {
            frames.add(taken.status);
        }
        if (taken.beat) {
            frames.add(Frame.BEAT);
        }
        return frames;
    }
}
