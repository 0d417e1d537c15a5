// 送一件案件，打印主办股室，再送回“采纳”。.NET Framework 4.5 以上或 .NET 6 以上，只用自带的类。
// 正式使用时请用系统里已有的 JSON 库代替这里的正则表达式。
//
//   csc Suggest.cs /r:System.Net.Http.dll    （Mono：mcs Suggest.cs -r:System.Net.Http.dll）
//   set FENBAN_URL=http://127.0.0.1:8000 & set FENBAN_KEY=fenban_… & Suggest.exe
using System;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

public static class Suggest
{
    const int Tries = 6;
    static readonly string Base = Setting("FENBAN_URL", "http://127.0.0.1:8000");
    static readonly HttpClient Client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };

    public static int Main()
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls12;
        Client.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", Setting("FENBAN_KEY", ""));
        try
        {
            Route().GetAwaiter().GetResult();
            return 0;
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine(error.Message);
        }
        catch (HttpRequestException error)
        {
            Console.Error.WriteLine("连不上 " + Base + "：" + (error.InnerException ?? error).Message);
        }
        catch (TaskCanceledException)
        {
            Console.Error.WriteLine("连不上 " + Base + "：没有按时回答");
        }
        return 1;
    }

    static async Task Route()
    {
        const string suggestion = "{\"case_id\": \"028\", \"kind\": \"提案\", \"session\": \"十五届三次\","
            + " \"level\": \"县\", \"title\": \"关于修复文昌街路灯的提案\","
            + " \"body\": \"文昌街整条街的路灯坏了半年，晚上出行不便，建议尽快维修。\"}";
        // 重复键由案件的编号得来：程序中途被停掉，再来一遍还是同一个键，不会多出一件
        string answer = await Post("suggest", "erp-2026-028-1", suggestion);
        Console.WriteLine("主办：" + First(answer, "\"lead\":\\s*\\{[^}]*\"name\":\\s*\"([^\"]*)\""));

        string decision = First(answer, "\"decision_id\":\\s*\"([^\"]*)\"");
        await Post("verdicts", "erp-2026-028-1-verdict",
            "{\"decision_id\": \"" + decision + "\", \"kind\": \"accepted\"}");
        Console.WriteLine("已送回：采纳");
    }

    // 连不上、429、503 时隔一会儿再送，对方说了等几秒就等几秒，重复键不变
    static async Task<string> Post(string path, string idempotencyKey, string json)
    {
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan wait = TimeSpan.FromSeconds(attempt);
            try
            {
                var request = new HttpRequestMessage(HttpMethod.Post, Base + "/api/v1/" + path);
                request.Headers.Add("Idempotency-Key", idempotencyKey);
                request.Content = new StringContent(json, Encoding.UTF8, "application/json");
                HttpResponseMessage answer = await Client.SendAsync(request);
                string body = await answer.Content.ReadAsStringAsync();
                if (answer.IsSuccessStatusCode)
                    return body;
                int status = (int)answer.StatusCode;
                if (attempt == Tries || (status != 429 && status != 503))
                    throw new InvalidOperationException(Told(status, body));
                RetryConditionHeaderValue later = answer.Headers.RetryAfter;
                if (later != null && later.Delta > wait)
                    wait = later.Delta.Value;
            }
            catch (HttpRequestException)
            {
                if (attempt == Tries)
                    throw;
            }
            catch (TaskCanceledException) // 超时
            {
                if (attempt == Tries)
                    throw;
            }
            await Task.Delay(wait);
        }
    }

    // 错在哪里，一句话；中间的代理答的是 HTML
    static string Told(int status, string body)
    {
        const string text = "\":\\s*\"((?:[^\"\\\\]|\\\\.)*)\"";
        Match code = Regex.Match(body, "\"code" + text), detail = Regex.Match(body, "\"detail" + text);
        return code.Success && detail.Success
            ? code.Groups[1].Value + ": " + detail.Groups[1].Value
            : "HTTP " + status;
    }

    static string First(string text, string pattern)
    {
        Match match = Regex.Match(text, pattern);
        if (!match.Success)
            throw new InvalidOperationException("没有找到 " + pattern);
        return match.Groups[1].Value;
    }

    static string Setting(string name, string otherwise)
    {
        return Environment.GetEnvironmentVariable(name) ?? otherwise;
    }
}
