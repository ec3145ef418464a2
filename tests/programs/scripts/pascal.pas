{ SPDX-License-Identifier: Apache-2.0
  Threads, the runtime's own allocator, and files: its runtime enters the kernel by itself. }
program area;
{$mode objfpc}{$H+}

uses
  cthreads, Classes, SysUtils;

type
  TWorker = class(TThread)
    Total: Int64;
    procedure Execute; override;
  end;

procedure TWorker.Execute;
var
  Block: array of Int64;
  Round, I: Integer;
begin
  for Round := 1 to 40 do
  begin
    SetLength(Block, Round * 20000);
    for I := 0 to High(Block) do
      Block[I] := I mod 7;
    for I := 0 to High(Block) do
      Total := Total + Block[I];
    SetLength(Block, 0);
  end;
end;

var
  Workers: array[0..3] of TWorker;
  Lines: TStringList;
  I: Integer;
begin
  for I := 0 to High(Workers) do
    Workers[I] := TWorker.Create(False);
  for I := 0 to High(Workers) do
  begin
    Workers[I].WaitFor;
    WriteLn(I, ': ', Workers[I].Total);
    Workers[I].Free;
  end;
  Lines := TStringList.Create;
  for I := 1 to 50000 do
    Lines.Add(IntToStr(I * 37 mod 50021));
  Lines.Sort;
  Lines.SaveToFile('lines.txt');
  Lines.LoadFromFile('lines.txt');
  WriteLn(Lines.Count, ' lines, the last is ', Lines[Lines.Count - 1]);
  Lines.Free;
end.
