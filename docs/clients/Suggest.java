import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * 送一件案件，打印主办股室，再送回“采纳”。Java 8，只用 JDK。
 * 正式使用时请用系统里已有的 JSON 库代替这里的正则表达式。
 *
 * javac -encoding UTF-8 Suggest.java
 * FENBAN_URL=http://127.0.0.1:8000 FENBAN_KEY=fenban_… java Suggest
 */
public class Suggest {
    private static final String BASE = setting("FENBAN_URL", "http://127.0.0.1:8000");
    private static final String KEY = setting("FENBAN_KEY", "");
    private static final int TRIES = 6;

    public static void main(String[] arguments) throws Exception {
        try {
            route(new PrintStream(System.out, true, "UTF-8"));
        } catch (IllegalStateException | IOException error) {
            boolean refused = error instanceof IllegalStateException;
            String said = refused ? error.getMessage() : "连不上 " + BASE + "：" + error.getMessage();
            new PrintStream(System.err, true, "UTF-8").println(said);
            System.exit(1);
        }
    }

    private static void route(PrintStream out) throws Exception {
        String suggestion = "{\"case_id\": \"028\", \"kind\": \"提案\", \"session\": \"十五届三次\","
            + " \"level\": \"县\", \"title\": \"关于修复文昌街路灯的提案\","
            + " \"body\": \"文昌街整条街的路灯坏了半年，晚上出行不便，建议尽快维修。\"}";
        // 重复键由案件的编号得来：程序中途被停掉，再来一遍还是同一个键，不会多出一件
        String answer = post("suggest", "erp-2026-028-1", suggestion);
        out.println("主办：" + first(answer, "\"lead\":\\s*\\{[^}]*\"name\":\\s*\"([^\"]*)\""));

        String decision = first(answer, "\"decision_id\":\\s*\"([^\"]*)\"");
        post("verdicts", "erp-2026-028-1-verdict",
            "{\"decision_id\": \"" + decision + "\", \"kind\": \"accepted\"}");
        out.println("已送回：采纳");
    }

    /** 连不上、429、503 时隔一会儿再送，对方说了等几秒就等几秒，重复键不变。 */
    private static String post(String path, String idempotencyKey, String json) throws Exception {
        for (int attempt = 1; ; attempt++) {
            int wait = attempt;
            try {
                HttpURLConnection connection = send(path, idempotencyKey, json);
                int status = connection.getResponseCode();
                String body = read(status < 400 ? connection.getInputStream() : connection.getErrorStream());
                if (status == 200) {
                    return body;
                }
                if (attempt == TRIES || (status != 429 && status != 503)) {
                    throw new IllegalStateException(told(status, body));
                }
                wait = Math.max(wait, connection.getHeaderFieldInt("Retry-After", 0));
            } catch (IOException error) {
                if (attempt == TRIES) {
                    throw error;
                }
            }
            Thread.sleep(1000L * wait);
        }
    }

    /** 错在哪里，一句话；中间的代理答的是 HTML。 */
    private static String told(int status, String body) {
        try {
            String string = "\":\\s*\"((?:[^\"\\\\]|\\\\.)*)\"";
            return first(body, "\"code" + string) + ": " + first(body, "\"detail" + string);
        } catch (IllegalStateException notOurs) {
            return "HTTP " + status;
        }
    }

    private static HttpURLConnection send(String path, String idempotencyKey, String json) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(BASE + "/api/v1/" + path).openConnection();
        connection.setConnectTimeout(5000);
        connection.setReadTimeout(30000);
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setRequestProperty("Authorization", "Bearer " + KEY);
        connection.setRequestProperty("Content-Type", "application/json; charset=utf-8");
        connection.setRequestProperty("Idempotency-Key", idempotencyKey);
        try (OutputStream out = connection.getOutputStream()) {
            out.write(json.getBytes(StandardCharsets.UTF_8));
        }
        return connection;
    }

    private static String read(InputStream stream) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[8192];
        if (stream == null) { // 回答没有内容
            return "";
        }
        for (int length; (length = stream.read(chunk)) > 0; ) {
            all.write(chunk, 0, length);
        }
        return new String(all.toByteArray(), StandardCharsets.UTF_8);
    }

    private static String first(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("没有找到 " + pattern);
        }
        return matcher.group(1);
    }

    private static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null ? otherwise : value;
    }
}
