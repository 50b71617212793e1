// The shapes of the JSON API that the page uses, as /openapi.json describes them. Only the type check reads this.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: { pointer: string; detail: string }[];
}

export type Decision = 'answer' | 'clarify' | 'no_answer';

export interface MarkedText {
  text: string;
  spans: { chars: [number, number] }[];
}

export interface Part {
  name: string;
  value: number;
  weight: number;
  contribution: number;
}

export interface Source {
  file: string;
  heading?: string;
  number?: number;
  line?: number;
}

export interface Match {
  id: string;
  question: string;
  matched_phrasing: string;
  answer: { markdown: string; html?: string; images: { src: string; alt: string }[] };
  category: string[];
  source: Source | null;
  updated_at: string | null;
  confidence: number;
  scores: Record<string, number>;
  explanation?: {
    score: number;
    exact: boolean;
    features: Part[];
    contrasts: string[];
    query: MarkedText;
    phrasing: MarkedText;
  };
}

export interface Thresholds {
  answer: number;
  clarify: number;
}

export interface Contender {
  id: string;
  question: string;
  confidence: number;
  score: number;
}

export interface Verdict {
  query_id: string;
  decision: Decision;
  matches: Match[];
  index_version: number;
  model: string;
  took_ms: number;
  explanation?: {
    reason: string;
    sentence: string;
    thresholds: Thresholds;
    best: Contender | null;
    runner_up: Contender | null;
    confidence?: { bias: number; parts: Part[]; logit: number; probability: number };
    kept_out: string[];
  };
}

export interface Feedback {
  query_id: string;
  entry_id?: string;
  verdict: 'helpful' | 'wrong' | 'none_of_these';
  chosen?: string;
  comment?: string;
}

export interface Welcome {
  popular: { id: string; question: string }[];
  handover: string;
  entries: number;
}

export interface Entry {
  id: string;
  question: string;
  similar: string[];
  negative: string[];
  answer: string;
  category: string[];
  tags: string[];
  enabled: boolean;
  valid_from: string | null;
  valid_until: string | null;
  source: Source | null;
  updated_at: string | null;
  revision: number;
}

export interface EntryPage {
  entries: Entry[];
  total: number;
  next_cursor?: number;
}

export interface Answered {
  decision: Decision;
  entry: string | null;
  question: string | null;
}

export interface Check {
  near: { id: string; question: string; phrasing: string; confidence: number }[];
  changes: { query: string; before: Answered; after: Answered }[];
}

export interface Change {
  change: number;
  version: number;
  at: string;
  actor: string;
  action: string;
  entry: string;
  before: Partial<Entry> | null;
  after: Partial<Entry> | null;
}

export interface Draft {
  id: string;
  entry: Partial<Entry> | null;
  base: number | null;
  revision: number;
  at: string;
  actor: string;
}

export interface ImportIssue {
  severity: 'warning' | 'error';
  sheet?: string;
  line: number | null;
  entry: string | null;
  kind: string;
  message: string;
}

export interface Imported {
  dry_run: boolean;
  counts: { added: number; changed: number; unchanged: number; removed: number; kept: number };
  report: {
    file: string;
    imported: number;
    skipped: number;
    failed: number;
    issues: ImportIssue[];
  };
  added: string[];
  changed: { id: string; fields: string[] }[];
  removed: string[];
  kept: string[];
  failed_rows?: string;
}

export interface UnansweredGroup {
  id: number;
  asked: number;
  wordings: number;
  reasons: { no_answer: number; near_tie: number; rejected: number };
  came_back: boolean;
  first_asked: string;
  last_asked: string;
  examples: { text: string; asked: number; last_asked: string }[];
  draft: { question: string; similar: string[] };
  decision: Decision;
  nearest: { id: string; question: string; confidence: number }[];
  suggested_entry: string | null;
}

export interface Counts {
  total: number;
  answered: number;
  clarified: number;
  unanswered: number;
}

export interface WordingUsage {
  text: string;
  times: number;
  slowest_ms: number;
  last_asked: string;
}

export interface Statistics {
  questions: Counts;
  share: { answered: number; clarified: number; unanswered: number };
  feedback: { helpful: number; wrong: number; none_of_these: number };
  took_ms: { p50: number; p99: number } | null;
  time_zone: string;
  days: (Counts & { day: string })[];
  days_figure: string;
  most_asked: WordingUsage[];
  slowest: WordingUsage[];
  entries_total: number;
  entries: { id: string; hits: number; helpful: number; wrong: number; last_used: string | null }[];
}

export interface LabelledQuery {
  query: string;
  relevant: string[];
}

export interface UnusableRow {
  row: number;
  kind: string;
  value?: string;
  message: string;
}

export interface FailedQuestion {
  kind: 'answered_anyway' | 'wrong_first' | 'held_back';
  query: string;
  relevant: string[];
  decision: Decision;
  rank: number | null;
  first: string | null;
  confidence: number;
}

export interface Evaluation {
  entries: number;
  queries: number;
  hit_at_1: number | null;
  hit_at_3: number | null;
  hit_at_5: number | null;
  mrr_at_10: number | null;
  calibration: { ece: number | null; coverage_at_5pct_wrong: number | null; wrong_answer_rate: number | null };
  latency_ms: { p50: number | null; p95: number | null; p99: number | null };
  model: string;
  index: string;
  failures: FailedQuestion[];
  entry_questions: Record<string, string>;
  figures: { kind: 'reliability' | 'wrong_over_coverage' | 'ranks' | 'confidences'; svg: string }[];
}
