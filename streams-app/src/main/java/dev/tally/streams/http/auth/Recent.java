package dev.tally.streams.http.auth;

import java.util.LinkedHashMap;
import java.util.Map;

/** What was asked for last, up to a number of keys; the key that nobody has asked for longest is forgotten first. Not for several threads at a time. */
final class Recent<V> extends LinkedHashMap<String, V> {

    private static final long serialVersionUID = 1L;

    private final int atMost;

    Recent(int atMost) {
        super(16, 0.75f, true);
        this.atMost = atMost;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
        return size() > atMost;
    }
}
