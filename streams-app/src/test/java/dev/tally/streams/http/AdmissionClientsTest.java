package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.Decision;
import dev.tally.streams.requests.AdmissionAsk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clients of docs/admission.md, as they stand there, against the server. */
final class AdmissionClientsTest {

    private static final Path DOCUMENT = Path.of("../docs/admission.md");

    private static final String ASK_IN_JAVA = """
            class Ask {
                public static void main(String[] args) throws Exception {
                    var ask = Map.of("actionId", "java", "userId", "u1", "actionType", "mail", "amounts", Map.of("credits", 3));
                    var soon = Duration.ofMillis(300);
                    var decided = Admission.ask(args[0], ask, false, Duration.ofSeconds(12), null);
                    System.out.println(decided.run() + " " + decided.answer().path("decision").asText());
                    System.out.println(Admission.ask(args[1], ask, true, soon, null).run() + " "
                            + Admission.ask(args[1], ask, false, soon, null).run());
                    try {
                        Admission.ask(args[0], Map.of("actionId", "java"), true, soon, null);
                    } catch (IllegalArgumentException wrong) {
                        System.out.println("wrong");
                    }
                }
            }

            """;

    private final ServedApi served = new ServedApi();

    @TempDir
    private Path folder;

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldAskFromJava() throws IOException, InterruptedException {
        // A source file's first class is the one that runs.
        String client = snippet("java").replace("record Admission", ASK_IN_JAVA + "record Admission");
        Path file = Files.writeString(folder.resolve("Ask.java"), client);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assertAsks("java", List.of(java, "-cp", System.getProperty("java.class.path"), file.toString()));
    }

    @Test
    void shouldAskFromNode() throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("ask.mjs"), snippet("js") + """
                const [,, base, nobody] = process.argv;
                const ask = {actionId: 'js', userId: 'u1', actionType: 'mail', amounts: {credits: 3}};
                const decided = await mayRun(base, ask, {failOpen: false});
                console.log(`${decided.run} ${decided.answer.decision}`);
                console.log(`${(await mayRun(nobody, ask, {failOpen: true, seconds: 0.3})).run} ${(await mayRun(nobody, ask, {failOpen: false, seconds: 0.3})).run}`);
                await mayRun(base, {actionId: 'js'}, {failOpen: true}).catch(() => console.log('wrong'));
                """);
        assertAsks("js", List.of(installed("node"), file.toString()));
    }

    @Test
    void shouldAskFromPython() throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("ask.py"), snippet("python") + """
                import sys
                base, nobody = sys.argv[1:]
                ask = {"actionId": "python", "userId": "u1", "actionType": "mail", "amounts": {"credits": 3}}
                run, answer = may_run(base, ask, fail_open=False)
                print(str(run).lower(), answer["decision"])
                print(str(may_run(nobody, ask, True, 0.3)[0]).lower(), str(may_run(nobody, ask, False, 0.3)[0]).lower())
                try:
                    may_run(base, {"actionId": "python"}, fail_open=True)
                except urllib.error.HTTPError:
                    print("wrong")
                """);
        assertAsks("python", List.of(installed("python3"), file.toString()));
    }

    /** Admitted where the server says so, the caller's choice where nobody listens, an error where the request is wrong. */
    private void assertAsks(String actionId, List<String> command) throws IOException, InterruptedException {
        served.admissions.decide(Decision.ADMIT);
        ProcessBuilder client = new ProcessBuilder(new ArrayList<>(command));
        client.command().add("http://127.0.0.1:" + served.api().port());
        // Nobody listens on the discard port of a machine that is not from the last century.
        client.command().add("http://127.0.0.1:9");
        Path output = folder.resolve("output");
        Process process =
                client.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

        assertThat(Files.readString(output)).isEqualToIgnoringNewLines("true ADMIT\ntrue false\nwrong\n");
        assertThat(served.admissions.asked).extracting(AdmissionAsk::actionId).containsExactly(actionId);
    }

    private static String snippet(String language) throws IOException {
        String document = Files.readString(DOCUMENT, StandardCharsets.UTF_8);
        Matcher found = Pattern.compile("(?s)```" + language + "\n(.*?)```").matcher(document);
        assertThat(found.find()).as("a client in " + language).isTrue();
        return found.group(1);
    }

    private static String installed(String program) {
        String found = Pattern.compile(":")
                .splitAsStream(System.getenv("PATH"))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElse("");
        Assumptions.assumeFalse(found.isEmpty(), program + " is not installed");
        return found;
    }
}
