import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Formats the project's Java sources, or checks that they are formatted. Runs on the JDK that compiles them: a formatter inside Maven's
 * own JVM could not read Java 21 where Maven runs on an older one.
 *
 * <p>Usage: {@code java -cp <formatter jars> Format.java check|apply ROOT}
 */
public final class Format {

    private Format() {}

    public static void main(String[] args) throws IOException {
        boolean apply = args[0].equals("apply");
        Path root = Path.of(args[1]);
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .formatJavadoc(false)
                .build());
        List<Path> wrong = new ArrayList<>();
        for (Path source : sources(root)) {
            String before = Files.readString(source);
            String after = format(formatter, source, before);
            if (!after.equals(before)) {
                wrong.add(source);
                if (apply) {
                    Files.writeString(source, after);
                }
            }
        }
        wrong.forEach(source -> System.out.println((apply ? "formatted " : "not formatted: ") + root.relativize(source)));
        if (!apply && !wrong.isEmpty()) {
            System.out.println("Fix it with: mvn -B -ntp -N -Pformat process-sources");
            System.exit(1);
        }
    }

    private static String format(Formatter formatter, Path source, String before) {
        try {
            String unused = RemoveUnusedImports.removeUnusedImports(before);
            return formatter.formatSource(
                    ImportOrderer.reorderImports(unused, JavaFormatterOptions.Style.PALANTIR));
        } catch (FormatterException e) {
            throw new IllegalArgumentException("cannot format " + source + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> path.toString().contains("/src/"))
                    .filter(path -> !path.toString().contains("/target/"))
                    .sorted()
                    .toList();
        }
    }
}
