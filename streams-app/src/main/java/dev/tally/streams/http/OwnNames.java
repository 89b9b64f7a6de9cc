package dev.tally.streams.http;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Where nobody is asked for a token: refuses calls under names that are not this machine's. A web page may have its own name lead to
 * this address; a browser would then let it read and change all that is served here (DNS rebinding).
 */
final class OwnNames implements Handler {

    private static final Pattern ADDRESS = Pattern.compile("\\[.*]|\\d{1,3}(\\.\\d{1,3}){3}");

    private final Supplier<String> host;
    private final Set<String> others;

    /**
     * Takes calls under these names.
     *
     * @param host what the server listens on
     * @param others other names that are not a page's to choose
     */
    OwnNames(Supplier<String> host, Set<String> others) {
        this.host = host;
        this.others = others.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
    }

    @Override
    public void handle(Context context) {
        // An authority may be a port alone.
        String name =
                Objects.requireNonNullElse(context.req().getServerName(), "").toLowerCase(Locale.ROOT);
        if (!isOwn(name)) {
            Reply.problem(
                    context,
                    Problem.refused(
                            421, "with auth=none this server is called localhost, or by its address, not " + name));
            context.skipRemainingHandlers();
        }
    }

    private boolean isOwn(String name) {
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || name.equals(host.get().toLowerCase(Locale.ROOT))
                || others.contains(name)
                || ADDRESS.matcher(name).matches();
    }
}
