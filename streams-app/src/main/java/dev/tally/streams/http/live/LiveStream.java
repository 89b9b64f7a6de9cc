package dev.tally.streams.http.live;

import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Usage;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one listener is to be sent. One thread of the listener's own takes from it and writes; if the listener is slow, only that thread
 * waits.
 */
public final class LiveStream implements AutoCloseable {

    private static final long NOT_WRITING = Long.MIN_VALUE;

    private final Followed followed;
    private final Mailbox mailbox = new Mailbox();
    private final CompletableFuture<Answer<Usage>> first = new CompletableFuture<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Context context;
    private final Runnable abort;
    private volatile long writingSince = NOT_WRITING;

    // The rest is the hub's thread's alone.
    private @Nullable Seen seen;
    private boolean behind;
    private long openedAt;
    private long offeredAt;
    private boolean dropped;

    /**
     * What streams have in common.
     *
     * @param leaving told of a stream that its listener has left
     */
    record Context(LongSupplier nanos, LongAdder sent, LongAdder dropped, Consumer<LiveStream> leaving) {}

    LiveStream(Followed followed, @Nullable Seen seen, Runnable abort, Context context) {
        this.followed = followed;
        this.seen = seen;
        this.abort = abort;
        this.context = context;
    }

    Followed followed() {
        return followed;
    }

    /** Comes with the first answer there is, whatever it is. */
    CompletableFuture<Answer<Usage>> first() {
        return first;
    }

    /**
     * The bytes to write and flush next, waiting for them. Asking for the next ones says that those before are written.
     *
     * @return empty at the end
     */
    public byte[] next() {
        writingSince = NOT_WRITING;
        List<Frame> frames = mailbox.take();
        if (frames.isEmpty()) {
            return new byte[0];
        }
        context.sent().add(frames.stream().filter(Frame::isEvent).count());
        writingSince = context.nanos().getAsLong();
        return Frame.bytes(frames);
    }

    /** To be called when the listener is gone or has had its last bytes. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            writingSince = NOT_WRITING;
            context.leaving().accept(this);
        }
    }

    void opened(long now) {
        openedAt = now;
        offeredAt = now;
    }

    /**
     * Brings the newest usage. What is behind that which the listener saw before it came here is not for it, unless it stays so.
     *
     * @param disbelief for how long, in nanoseconds, the listener is believed rather than an answer that is not stale
     */
    void offer(Reading reading, Frame frame, long now, long disbelief) {
        Seen before = seen;
        if (before != null && reading.seen().isBehind(before) && (reading.stale() || now - openedAt < disbelief)) {
            if (!behind) {
                behind = true;
                status(Status.frame("what this listener has seen before is not known here yet"), now);
            }
            return;
        }
        seen = null;
        behind = false;
        offeredAt = now;
        mailbox.usage(frame);
    }

    /** Whether it waits for what its listener has seen before. */
    boolean isBehind() {
        return behind;
    }

    void status(Frame frame, long now) {
        offeredAt = now;
        mailbox.status(frame);
    }

    void end() {
        mailbox.close();
    }

    /** Sends a sign of life where it is due, and drops a listener that has not taken what was written for too long. */
    void look(long now, LiveTimes times) {
        long since = writingSince;
        if (since == NOT_WRITING) {
            if (now - offeredAt >= times.beat().toNanos()) {
                offeredAt = now;
                mailbox.beat();
            }
        } else if (now - since >= times.stall().toNanos() && !dropped) {
            dropped = true;
            context.dropped().increment();
            mailbox.close();
            abort.run();
        }
    }
}
